// Somebody met for the first time: what they say of themselves is kept, and nothing they did not say.

import * as api from "./api.js";
import { askFor } from "./dialogs.js";

const NEWS = { purpose: "marketing", contact: "email" };
const OPTIONAL = ["phone", "email", "postcode"];

// Gives what to send for a new customer, or null.
export async function askPerson() {
  const said = await askFor("New customer", [
    { name: "name", label: "Name", required: true }, { name: "phone", label: "Phone", type: "tel" },
    { name: "email", label: "E-mail", type: "email" }, { name: "postcode", label: "Postcode" },
    // Who was not asked has said neither: a no that nobody said would bind like one that was.
    { name: "news", label: "May we send news by e-mail?", type: "one", value: "", options: [["", "Not asked"], ["yes", "Yes"], ["no", "No"]] },
  ], { action: "Enrol" });
  if (!said) return null;
  const told = Object.fromEntries(OPTIONAL.filter((field) => said[field]).map((field) => [field, said[field]]));
  return { party_id: api.newId(), name: said.name, consents: said.news ? [{ ...NEWS, given: said.news === "yes" }] : [], ...told };
}

export function welcome({ card, known_elsewhere: known = [] }) {
  const twice = known.length ? `; the chain knows somebody with this ${known.join(" and ").replace("_", " ")}: HQ brings the two together` : "";
  return `Card ${card}${twice}`;
}
