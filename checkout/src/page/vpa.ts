/** A UPI ID, by the rule of shared/domain/vpa.py. */

const VPA_MAX = 255;
const SHAPE = /^[a-zA-Z0-9._-]+@[a-zA-Z0-9]+$/;

export function isVpa(text: string): boolean {
  return text.length <= VPA_MAX && SHAPE.test(text);
}
