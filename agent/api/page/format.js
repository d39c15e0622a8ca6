// Amounts are integers of the currency's minor unit; quantities are thousandths.

let currency = "EUR";
let digits = 2;
let money = new Intl.NumberFormat("en", { style: "currency", currency });

export function setCurrency(code, language) {
  currency = code;
  money = new Intl.NumberFormat(language, { style: "currency", currency });
  digits = money.resolvedOptions().maximumFractionDigits;
}

export const amount = (minor) => money.format(minor / 10 ** digits);

// For a button: a whole amount needs no decimals.
export const shortAmount = (minor) => amount(minor).replace(minor % 10 ** digits === 0 ? /[.,]0+(?=\D*$)/ : /$^/, "");

export function parseAmount(text) {
  const plain = text.trim().replace(",", ".");
  if (!/^-?\d+(\.\d+)?$/.test(plain)) return null;
  const [whole, fraction = ""] = plain.split(".");
  if (fraction.length > digits) return null;
  const sign = whole.startsWith("-") ? -1 : 1;
  return sign * (Math.abs(Number(whole)) * 10 ** digits + Number(fraction.padEnd(digits, "0") || 0));
}

// GS1 General Specifications, 7.9: what ends in a right check digit is a code, not money.
export function isBarcode(text) {
  if (!/^(\d{8}|\d{12,14})$/.test(text.trim())) return false;
  const digits = [...text.trim()].map(Number).reverse();
  return digits.reduce((sum, digit, place) => sum + digit * (place % 2 ? 3 : 1), 0) % 10 === 0;
}

export function plainAmount(minor) {
  return (minor / 10 ** digits).toFixed(digits);
}

// Money goes one way or the other; nobody types a minus to say which.
export const given = (due) => (due < 0 ? "Amount given back" : "Amount given");
export const towards = (due, minor) => Math.sign(due) * Math.abs(minor);

export function quantity(thousandths, unit) {
  return unit === "each"
    ? `${thousandths / 1000}`
    : `${(thousandths / 1000).toFixed(3)} ${unit}`;
}

export function shortDate(iso) {
  const then = new Date(iso);
  return Number.isNaN(then.getTime()) ? "" : then.toLocaleDateString("en-US", { day: "numeric", month: "short" });
}

// The notes a customer is likely to hand over: the amount itself, then the next round ones.
export function likelyNotes(due) {
  const unit = 10 ** digits;
  const steps = [5, 10, 20, 50, 100, 200].map((step) => step * unit);
  const rounded = steps.map((step) => Math.ceil(due / step) * step);
  return [...new Set([due, ...rounded])].sort((a, b) => a - b).slice(0, 4);
}
