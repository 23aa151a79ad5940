/** How a webhook is signed: the same sums as the gateway's, in the browser. Nothing typed here leaves it. */

const KEY_BYTES_MIN = 24; // the least that a generated secret has
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

export function hex(bytes: Bytes): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function base64(bytes: Bytes): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** null for what is no base64. */
export function fromBase64(text: string): Bytes | null {
  if (text === "" || !BASE64.test(text)) return null;
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

export async function hmac(key: Bytes, message: Bytes, hash = "SHA-256"): Promise<Bytes> {
  // Browsers take no empty key; for HMAC one zero byte is the same.
  const material = key.length === 0 ? new Uint8Array(1) : key;
  const imported = await crypto.subtle.importKey("raw", material, { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, message));
}

export async function digest(message: Bytes, hash = "SHA-256"): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest(hash, message));
}

export function join(...parts: Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The bytes behind `whsec_`. A secret that is too short to be one of ours, or no base64, is its own key. */
export function standardKey(secret: string): Bytes {
  const key = fromBase64(secret.replace(/^whsec_/, ""));
  return key !== null && key.length >= KEY_BYTES_MIN ? key : utf8(secret);
}

/** X-Webhook-Signature: hex HMAC-SHA256 of the body, keyed with the whole secret. */
export async function plainSignature(secret: string, body: Bytes): Promise<string> {
  return hex(await hmac(utf8(secret), body));
}

/** What stands behind "v1," in webhook-signature: id and time are signed too. */
export async function standardSignature(secret: string, id: string, timestamp: string, body: Bytes): Promise<string> {
  return base64(await hmac(standardKey(secret), join(utf8(`${id}.${timestamp}.`), body)));
}
