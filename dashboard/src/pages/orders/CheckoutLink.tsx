/** Where a customer pays an order: the link, and the same as a code for a phone. */

import { Button } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import { useMemo } from "react";
import { encode } from "uqr";
import { useSession } from "../../api/session";
import { CopyButton, named } from "../../ui";
import classes from "./CheckoutLink.module.css";

const QUIET = 3; // modules of white around the code, without which no camera finds it

export function checkoutLink(checkoutUrl: string, orderId: string): string {
  return `${checkoutUrl.replace(/\/+$/, "")}/checkout?order_id=${encodeURIComponent(orderId)}`;
}

function QrCode({ text }: { text: string }) {
  const { size, path } = useMemo(() => {
    const { data, size } = encode(text, { border: QUIET, ecc: "M" });
    let path = "";
    data.forEach((row, y) => {
      row.forEach((dark, x) => {
        if (dark) path += `M${x} ${y}h1v1h-1z`;
      });
    });
    return { size, path };
  }, [text]);
  return (
    <svg
      viewBox={`0 0 ${size} ${size}`}
      className={classes.code}
      role="img"
      aria-label="The checkout link as a QR code"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" shapeRendering="crispEdges" />
    </svg>
  );
}

export function CheckoutLink({ orderId }: { orderId: string }) {
  const { checkout_url } = useSession();
  if (checkout_url === null) {
    return <p className="muted">No checkout address is set on this gateway. Its operator sets CHECKOUT_PUBLIC_URL.</p>;
  }
  const link = checkoutLink(checkout_url, orderId);
  return (
    <div className={classes.checkout}>
      <QrCode text={link} />
      <div className={classes.words}>
        <p className={classes.about}>Send this link to your customer, or let them scan the code.</p>
        <div className={classes.link}>
          <code {...named("checkout-link")}>{link}</code>
          <CopyButton text={link} what="checkout link" />
        </div>
        <Button
          component="a"
          href={link}
          target="_blank"
          rel="noopener noreferrer"
          variant="light"
          rightSection={<IconExternalLink size={16} aria-hidden />}
        >
          Open the checkout<span className="unseen"> in a new tab</span>
        </Button>
      </div>
    </div>
  );
}
