// Whether what stands in the entry was typed by hand: a scanner that types is faster than anybody.

const HAND_MS = 35;     // per character
let since = 0;
let keys = 0;

// before: what stood in the entry as the key went down.
export function noteKey(event, before) {
  if (event.key.length !== 1) return;
  if (!before) { since = event.timeStamp; keys = 0; }
  keys += 1;
}

// submitted: the event that ended it. What came without keys was pasted.
export const wasTyped = (submitted) => submitted.timeStamp - since > keys * HAND_MS;
