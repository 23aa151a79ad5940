/** `PaymentGateway`: what a shop makes, opens and closes. */

import { fromCheckout, type Peer, send } from "../messages";
import { onBack } from "./backButton";
import type { PaymentGatewayFailure, PaymentGatewayOptions, PaymentGatewaySuccess } from "./checkout";
import { type Modal, showModal } from "./modal";
import { checked, type Settings } from "./options";
import { isTellable } from "./outcome";

/** Shared by every copy and version of this script on a page: takes down what is open, and returns what tells its shop. */
const OPEN = Symbol.for("PaymentGateway.open");
const PHONES = "(max-width: 480px), (pointer: coarse)";

type Shared = Window & { [OPEN]?: (() => () => void) | undefined };

interface Opening {
  isThere(): boolean;
  close(): void;
}

/** The class, for a script that was loaded from this address. */
export function gatewayFrom(script: string | undefined) {
  return class PaymentGateway {
    readonly open: () => void;
    readonly close: () => void;

    constructor(options: PaymentGatewayOptions) {
      const language = typeof document === "undefined" ? "" : document.documentElement.lang;
      const settings = checked(options, script, language);
      const told = new Set<string>(); // payments the shop heard of, as `type:id`: it hears of each once
      let opening: Opening | undefined;

      this.close = () => opening?.close();
      this.open = () => {
        if (opening?.isThere()) return;
        this.close(); // somebody else took the modal out of the page
        if (self.origin === "null") {
          throw new Error("PaymentGateway: this page has no origin; serve it over http, not as a file or in a sandbox");
        }
        opening = openCheckout(settings, told, () => {
          opening = undefined;
        });
      };
    }
  };
}

function openCheckout(settings: Settings, told: Set<string>, closed: () => void): Opening {
  const shared: Shared = window;
  const tellOther = shared[OPEN]?.();
  let peer: Peer | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOpen = true;
  let forgetBack: (() => void) | undefined;

  const load = () => {
    clearTimeout(timer);
    const channel = nonce();
    peer = { window: modal.load(addressOf(settings, channel)), origin: settings.origin, channel };
    timer = setTimeout(modal.fail, settings.loadTimeout);
  };

  const heard = (event: MessageEvent<unknown>) => {
    const said = peer && fromCheckout(event, peer);
    if (!peer || !said) return;
    if (said.type === "ready") {
      clearTimeout(timer);
      modal.show();
      send(peer, { type: "init", data: { prefill: settings.prefill } });
    } else if (said.type === "close_modal") {
      close();
    } else if (isTellable(said, settings.orderId)) {
      const once = `${said.type}:${said.data.id}`;
      if (told.has(once)) return;
      told.add(once);
      if (said.type === "payment_success") call<[PaymentGatewaySuccess]>(settings.onSuccess, said.data);
      else call<[PaymentGatewayFailure]>(settings.onFailure, said.data);
    }
  };

  const takeDown = () => {
    if (!isOpen) return () => {};
    isOpen = false;
    clearTimeout(timer);
    removeEventListener("message", heard);
    if (shared[OPEN] === takeDown) delete shared[OPEN];
    modal.remove();
    forgetBack?.();
    peer = undefined;
    closed();
    return () => call(settings.onClose);
  };
  const close = () => takeDown()();

  const modal: Modal = showModal(settings, { close, retry: load });
  addEventListener("message", heard);
  shared[OPEN] = takeDown;
  load();
  if (matchMedia(PHONES).matches) forgetBack = onBack(nonce(), close);
  tellOther?.(); // last, so that a shop that opens another modal when it hears finds this one whole
  return { isThere: () => isOpen && modal.isThere(), close };
}

function addressOf({ origin, orderId, key, locale, theme }: Settings, channel: string): string {
  const { accent, radius, scheme = "auto" } = theme;
  const fragment = new URLSearchParams({ channel, origin: self.origin, key, locale, scheme });
  if (accent) fragment.set("accent", accent);
  if (radius !== undefined) fragment.set("radius", `${radius}`);
  return `${origin}/checkout?order_id=${orderId}&embedded=true#${fragment}`;
}

function nonce(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}

/** A shop's own mistake is reported as its own, and ends nothing of ours. */
function call<Said extends unknown[]>(callback: ((...said: Said) => void) | undefined, ...said: Said): void {
  try {
    callback?.(...said);
  } catch (error) {
    if (typeof reportError === "function") reportError(error);
    else console.error(error); // Safari before 15.4
  }
}
