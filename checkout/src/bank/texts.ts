/** Everything the simulated bank's page says, in each language. */

import type { Locale } from "../common/language";

export interface Texts {
  bank: string;
  app: string;
  simulated: string;
  loading: string;
  payTo: (payee: string) => string;
  otpTitle: string;
  otpLabel: string;
  otpHint: string;
  otpShape: string;
  wrong: (attemptsLeft: number) => string;
  confirm: string;
  cancel: string;
  approve: string;
  decline: string;
  appTitle: string;
  timeLeft: (clock: string) => string;
  lost: string;
  again: string;
  unknownTitle: string;
  unknown: string;
  ended: Record<"approved" | "declined" | "cancelled" | "expired", { title: string; text: string }>;
}

const en: Texts = {
  bank: "Test Bank",
  app: "Test UPI app",
  simulated: "Simulated: no real money moves",
  loading: "Loading…",
  payTo: (payee) => `to ${payee}`,
  otpTitle: "Enter your one-time password",
  otpLabel: "6-digit code",
  otpHint: "A real bank would send it to your phone. Here the right code is 123456.",
  otpShape: "The code has 6 digits.",
  wrong: (left) => `That code is not right. ${left === 1 ? "1 attempt" : `${left} attempts`} left.`,
  confirm: "Confirm",
  cancel: "Cancel",
  approve: "Approve",
  decline: "Decline",
  appTitle: "Payment request",
  timeLeft: (clock) => `Time left: ${clock}`,
  lost: "The bank could not be reached. Please try again.",
  again: "Try again",
  unknownTitle: "Nothing to confirm",
  unknown: "There is no such request, or it is over. Please go back to the checkout.",
  ended: {
    approved: { title: "Approved", text: "Thank you. Your checkout page goes on by itself." },
    declined: { title: "Declined", text: "The payment was not made. Your checkout page shows what you can do." },
    cancelled: { title: "Cancelled", text: "The payment was not made. Your checkout page shows what you can do." },
    expired: { title: "Time is over", text: "The request was not answered in time. The payment was not made." },
  },
};

const hi: Texts = {
  bank: "टेस्ट बैंक",
  app: "टेस्ट UPI ऐप",
  simulated: "नकली बैंक: असली पैसे नहीं कटते",
  loading: "खुल रहा है…",
  payTo: (payee) => `${payee} को`,
  otpTitle: "अपना वन-टाइम पासवर्ड डालें",
  otpLabel: "6 अंकों का कोड",
  otpHint: "असली बैंक इसे आपके फ़ोन पर भेजता। यहाँ सही कोड 123456 है।",
  otpShape: "कोड में 6 अंक होते हैं।",
  wrong: (left) => `यह कोड सही नहीं है। ${left} कोशिश बाकी।`,
  confirm: "पुष्टि करें",
  cancel: "रद्द करें",
  approve: "मंज़ूर करें",
  decline: "अस्वीकार करें",
  appTitle: "भुगतान का अनुरोध",
  timeLeft: (clock) => `बचा समय: ${clock}`,
  lost: "बैंक से संपर्क नहीं हो सका। कृपया फिर कोशिश करें।",
  again: "फिर कोशिश करें",
  unknownTitle: "पुष्टि के लिए कुछ नहीं है",
  unknown: "ऐसा कोई अनुरोध नहीं है, या वह समाप्त हो चुका है। कृपया चेकआउट पर लौटें।",
  ended: {
    approved: { title: "मंज़ूर", text: "धन्यवाद। आपका चेकआउट पेज अपने आप आगे बढ़ेगा।" },
    declined: { title: "अस्वीकृत", text: "भुगतान नहीं हुआ। आगे क्या करें, चेकआउट पेज पर देखें।" },
    cancelled: { title: "रद्द", text: "भुगतान नहीं हुआ। आगे क्या करें, चेकआउट पेज पर देखें।" },
    expired: { title: "समय समाप्त", text: "अनुरोध का जवाब समय पर नहीं मिला। भुगतान नहीं हुआ।" },
  },
};

export const TEXTS: Record<Locale, Texts> = { en, hi };
