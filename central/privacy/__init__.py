"""Consent and the rights of a person at HQ, over the rules of `agent.core.consent` and `prompts`.

- `consenting` answers "may I?" for every channel and keeps new answers; `prompting` chooses the one
  question of a visit. What was answered stands in `central.identity`, under the id it was said
  under, and travels on the cards of the tills.
- `rights` takes requests down and carries them out: `exporting` (and `page`) hands a person their
  data, `erasing` decides what goes and what stays under which law, has it taken out here and orders
  it everywhere else; `replicas` says who must confirm it, `suppressing` remembers whom not to write
  to. Start-up gives the root key as an `Authority`.
- `access` writes down who read what of whom: each read of a person is logged.
"""

from __future__ import annotations
