/** An origin as a browser says it: scheme, host, and the port if it is not the usual one. */

export function readOrigin(text: string): { origin: string; problem: null } | { origin: null; problem: string } {
  const typed = text.trim();
  let url: URL;
  try {
    url = new URL(/^[a-z]+:\/\//i.test(typed) ? typed : `https://${typed}`);
  } catch {
    return { origin: null, problem: "That is no address. Enter one such as https://shop.example" };
  }
  const home = url.hostname === "localhost" || url.hostname === "127.0.0.1";
  if (url.protocol !== "https:" && !(url.protocol === "http:" && home)) {
    return { origin: null, problem: "It must begin with https:// (http:// only for localhost)" };
  }
  if (typed.includes("*")) return { origin: null, problem: "Name each origin: there are no wildcards" };
  return { origin: url.origin, problem: null };
}
