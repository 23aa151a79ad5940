/** Digits as people type them. */

const DEVANAGARI_ZERO = 0x0966;

export function digitsOf(text: string): string {
  return latin(text).replace(/\D/g, "");
}

/** Our digits for Devanagari ones: phones in Hindi may type those. */
export function latin(text: string): string {
  return text.replace(/[०-९]/g, (digit) => String(digit.charCodeAt(0) - DEVANAGARI_ZERO));
}
