// The local API: one function per call, problems as errors with a remedy, events with replay.

let token = "";
export let till = "";

export class Problem extends Error {
  constructor(body, status) {
    super(body.detail || body.title || `status ${status}`);
    this.status = status;
    this.remedy = body.remedy || "";
    this.type = body.type || "";
  }
}

// No answer at all: the agent is starting, or the network is gone.
export class Unreachable extends Error {}

const reach = (path, options) => fetch(path, options).catch((problem) => { throw new Unreachable(problem.message); });

// The token arrives in the fragment, which no server and no log ever sees, and leaves the address at once.
export function takeCredentials() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  if (fragment.get("token")) {
    localStorage.setItem("till-agent.token", fragment.get("token"));
    if (fragment.get("till")) localStorage.setItem("till-agent.till", fragment.get("till"));
    history.replaceState(null, "", location.pathname);
  }
  token = localStorage.getItem("till-agent.token") || "";
  till = localStorage.getItem("till-agent.till") || "";
  return Boolean(token && till);
}

export function keepCredentials(newTill, newToken) {
  localStorage.setItem("till-agent.token", newToken);
  localStorage.setItem("till-agent.till", newTill);
  location.reload();
}

export const newId = () => {
  // UUIDv7 (RFC 9562): 48 bits of milliseconds, then randomness.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const now = Date.now();
  for (let i = 0; i < 6; i += 1) bytes[i] = Math.floor(now / 2 ** (8 * (5 - i))) % 256;
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
};

async function call(method, path, body) {
  const answer = await reach(path, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  throw new Problem(await answer.json().catch(() => ({})), answer.status);
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);
export const put = (path, body = {}) => call("PUT", path, body);
export const remove = (path, body) => call("DELETE", path, body);

export async function picture(path) {
  const answer = await reach(path, { headers: { Authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Problem(await answer.json().catch(() => ({})), answer.status);
  return URL.createObjectURL(await answer.blob());
}

// Events arrive from a cursor on, so nothing is missed between two connections.
export function follow(cursor, onEvent, onState) {
  let last = cursor;
  let wait = 250;
  const connect = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/v1/tills/${till}/events?after=${last}`);
    socket.onopen = () => { socket.send(JSON.stringify({ token })); wait = 250; onState(true); };
    socket.onmessage = (message) => {
      const event = JSON.parse(message.data);
      last = event.cursor;
      onEvent(event);
    };
    socket.onclose = () => {
      onState(false);
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, 3000);
    };
  };
  connect();
}
