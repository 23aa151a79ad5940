// Finds, makes and fills elements of a page.

export const byId = (id) => document.getElementById(id);

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children); // strings become text, never markup
  return made;
}

/** Written only when it changes, so that a screen reader says each step once. */
export function say(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

export function notice(place, text) {
  place.hidden = text === "";
  say(place, text);
}

export function mark(text, found) {
  return element("span", { class: "mark", "data-mark": found }, text);
}

/** `amount` in minor units: 50000 of INR is "₹500.00". */
export function money(amount, currency) {
  if (!/^[A-Z]{3}$/.test(currency)) return String(amount);
  const format = new Intl.NumberFormat("en-IN", { style: "currency", currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}
