/** Every word the modal itself says; the checkout inside has its own. */

export type Locale = "en" | "hi";

export interface Texts {
  title: string;
  frame: string;
  close: string;
  loading: string;
  failed: string;
  retry: string;
  dismiss: string;
}

export const TEXTS: Record<Locale, Texts> = {
  en: {
    title: "Secure payment",
    frame: "Secure payment form",
    close: "Close payment",
    loading: "Loading…",
    failed: "The payment page did not load. Check your connection and try again.",
    retry: "Try again",
    dismiss: "Close",
  },
  hi: {
    title: "सुरक्षित भुगतान",
    frame: "सुरक्षित भुगतान फ़ॉर्म",
    close: "भुगतान बंद करें",
    loading: "लोड हो रहा है…",
    failed: "भुगतान पेज लोड नहीं हुआ। अपना इंटरनेट कनेक्शन जाँचें और फिर से कोशिश करें।",
    retry: "फिर से कोशिश करें",
    dismiss: "बंद करें",
  },
};
