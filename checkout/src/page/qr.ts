/** A QR code as the path of an SVG; loaded only when one is shown. */

import { encode } from "uqr";

const QUIET_ZONE = 4; // modules of white around it, by ISO/IEC 18004

export function qr(text: string): { size: number; path: string } {
  const { size, data } = encode(text, { ecc: "M", border: QUIET_ZONE });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return { size, path };
}
