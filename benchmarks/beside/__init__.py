"""What users would pick instead, driven as their own documentation says, on the same machine.

`pouchdb` replicates a PouchDB to a PouchDB server over HTTP (what a web till does), `jetstream`
publishes to NATS JetStream with `sync_interval: always` (the only setting under which its word
survives a power cut). Both carry 1 KB documents, as the raw base does.
"""

from __future__ import annotations
