// What the page says of an edition on its way, and of money.

export const ON_ITS_WAY = ["draft", "awaiting_payment", "in_review", "processing"];

const STATES = {
  draft: "Being checked",
  awaiting_payment: "Waiting for its payment",
  in_review: "Waiting for a moderator",
  processing: "Pictures and video are being made",
  published: "Published",
  rejected: "Not accepted",
  expired: "Ended",
};

export function editionInWords(state) {
  return STATES[state] ?? "Unknown";
}

/** An amount in the smallest unit as people write it, exactly: ("1500000", 6) → "1.5". */
export function amountInWords(amount, decimals) {
  const digits = String(amount).padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const part = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return part ? `${whole}.${part}` : whole;
}

/** "0x1234…cdef": an address where there is no room for all of it. */
export function shortly(address) {
  return address.length > 14 ? `${address.slice(0, 6)}…${address.slice(-4)}` : address;
}

/** A sentence begun with a capital and ended with a full stop: reasons come without. */
export function sentence(text) {
  if (!text) return "";
  const begun = text[0].toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}
