"""Line displays' command sets as pure codecs: lines of text in, bytes out."""

from __future__ import annotations
