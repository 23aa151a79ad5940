/** Everything the checkout page says, in each language. */

import type { Locale } from "../common/language";
import type { BlockedReason, Problem } from "./machine";

export interface Texts {
  language: string;
  order: string;
  amountDue: string;
  payBy: (time: string) => string;
  encrypted: string;
  neverStored: string;
  simulatedNote: string;
  loading: string;
  howToPay: string;
  upi: string;
  upiHint: string;
  card: string;
  cardHint: string;
  vpa: string;
  vpaHint: string;
  number: string;
  expiry: string;
  cvv: string;
  cvvHint: (digits: number) => string;
  name: string;
  pay: (amount: string) => string;
  or: string;
  payByApp: string;
  processing: string;
  /** From the first seconds of waiting to the last. */
  progress: readonly [string, string, string, string];
  paymentLost: string;
  statusLost: string;
  busy: string;
  offline: string;
  checkNow: string;
  succeededTitle: string;
  succeeded: string;
  alreadyPaid: string;
  paymentId: string;
  paidWith: string;
  done: string;
  mayClose: string;
  failed: string;
  notCharged: string;
  tryAgain: string;
  otpTitle: string;
  otpText: string;
  otpFrame: string;
  appTitle: string;
  appText: string;
  appQr: string;
  openApp: string;
  timeLeft: (clock: string) => string;
  timeOver: string;
  cancel: string;
  cancelling: string;
  testMode: string;
  testHint: string;
  testValues: readonly { value: string; meaning: string }[];
  tryLater: string;
  notices: { try_again: string };
  problems: Record<Problem, string>;
  reasons: Readonly<Record<string, string>>;
  blocked: Record<BlockedReason, { title: string; text: string }>;
}

const en: Texts = {
  language: "Language",
  order: "Order",
  amountDue: "Amount to pay",
  payBy: (time) => `Pay before ${time}`,
  encrypted: "Sent encrypted.",
  neverStored: "Your card number and CVV are never stored.",
  simulatedNote: "Test mode: no real money moves",
  loading: "Loading your order…",
  howToPay: "How would you like to pay?",
  upi: "UPI",
  upiHint: "Any UPI app",
  card: "Card",
  cardHint: "Debit or credit",
  vpa: "UPI ID",
  vpaHint: "You will be asked to approve the payment in your UPI app.",
  number: "Card number",
  expiry: "Expiry",
  cvv: "CVV",
  cvvHint: (digits) => (digits === 4 ? "4 digits on the front" : "3 digits on the back"),
  name: "Name on card",
  pay: (amount) => `Pay ${amount}`,
  or: "or",
  payByApp: "Pay by UPI app",
  processing: "Processing payment...",
  progress: [
    "This usually takes a few seconds.",
    "Your bank is taking a little longer. Please keep this page open.",
    "Still waiting for your bank. The result will appear here by itself.",
    "Your bank has not answered yet. You can leave this page open or come back to it later: you will not be charged twice.",
  ],
  paymentLost:
    "The connection was lost. We are checking whether your payment reached the bank. Please do not pay again elsewhere: this attempt is charged once at most.",
  statusLost: "The connection was lost. Your payment goes on without it, and we keep checking its result.",
  busy: "It is very busy right now. We try again by ourselves, and you pay once at most.",
  offline: "You are offline. We go on as soon as you are connected again.",
  checkNow: "Check now",
  succeededTitle: "Payment successful",
  succeeded: "Your payment has been processed successfully",
  alreadyPaid: "This order is already paid",
  paymentId: "Payment ID",
  paidWith: "Paid with",
  done: "Done",
  mayClose: "You can close this page.",
  failed: "Payment could not be processed",
  notCharged: "You have not been charged for this attempt.",
  tryAgain: "Try Again",
  otpTitle: "Confirm it is you",
  otpText: "Your bank asks for a one-time password.",
  otpFrame: "Your bank's page for the one-time password",
  appTitle: "Approve in your UPI app",
  appText: "Scan the code with your phone, or open the app on this device.",
  appQr: "QR code that opens the UPI app",
  openApp: "Open the UPI app",
  timeLeft: (clock) => `Time left: ${clock}`,
  timeOver: "The time is over. We are asking your bank for the result.",
  cancel: "Cancel this payment",
  cancelling: "Cancelling…",
  testMode: "Test mode",
  testHint: "Values for trying things out",
  testValues: [
    { value: "approve@magic", meaning: "approved" },
    { value: "insufficient-funds@magic", meaning: "declined" },
    { value: "4242 4242 4242 4242", meaning: "approved" },
    { value: "4000 0000 0000 9995", meaning: "declined" },
    { value: "4000 0000 0000 3220", meaning: "asks for a password: 123456" },
    { value: "4000 0000 0000 0259", meaning: "slow bank" },
  ],
  tryLater: "Try again",
  notices: { try_again: "That did not go through, and nothing was charged. Please try again." },
  problems: {
    vpa_missing: "Enter your UPI ID.",
    vpa_shape: "A UPI ID looks like name@bank. Please check yours.",
    number_missing: "Enter your card number.",
    number_short: "This card number is not complete.",
    number_wrong: "This card number is not right. Please check it for a mistyped digit.",
    expiry_missing: "Enter the expiry date.",
    expiry_shape: "Enter month and year as on the card, like 08/29.",
    expired: "This card has expired. Please use another one.",
    cvv_missing: "Enter the CVV.",
    cvv_length: "The CVV has 3 digits, on the back of the card.",
    cvv_length_amex: "The CVV of this card has 4 digits, on the front.",
    name_missing: "Enter the name on the card.",
    refused: "Please check this once more.",
  },
  reasons: {
    do_not_honour:
      "Your bank declined the payment without giving a reason. Try another card or UPI ID, or ask your bank.",
    insufficient_funds: "There is not enough money in the account. Try another card or UPI ID.",
    expired_card: "Your bank says that this card has expired. Try another card.",
    incorrect_cvv: "The CVV is not the card's. Check it and try again.",
    limit_exceeded: "The amount is above your card's or account's limit. Try another one, or ask your bank.",
    processing_error: "Your bank could not process the payment. Try again in a moment.",
    authentication_failed: "The one-time password was wrong too often. Try again.",
    authentication_expired: "The time for the one-time password ran out. Try again.",
    authentication_cancelled: "You cancelled the confirmation with your bank.",
    declined_in_app: "The payment was declined in the UPI app.",
    expired_in_app: "The payment was not approved in the UPI app in time. Try again.",
  },
  blocked: {
    missing_order: {
      title: "No order to pay",
      text: "This link names no order. Please go back to the shop and start the payment there again.",
    },
    unknown_order: {
      title: "We cannot find this order",
      text: "The link may be mistyped or not complete. Please go back to the shop and start the payment there again.",
    },
    invalid_key: {
      title: "This shop cannot take payments right now",
      text: "Its key is not valid. Please tell the shop about it.",
    },
    expired: {
      title: "This order has expired",
      text: "It was not paid in time, and nothing was charged. Please go back to the shop and order again.",
    },
    cancelled: {
      title: "This order was cancelled",
      text: "It can no longer be paid, and nothing was charged. Please go back to the shop if you still want it.",
    },
    paid: { title: "This order is already paid", text: "There is nothing left to pay." },
    refunded: {
      title: "This payment was given back",
      text: "The shop returned the whole amount or did not take it. Please ask the shop if you still want the order.",
    },
    unreachable: {
      title: "We cannot load your order",
      text: "Please check your connection. We keep trying. If you have paid already, the result will appear here.",
    },
    busy: {
      title: "It is very busy right now",
      text: "Your order will load in a moment. If you have paid already, the result will appear here.",
    },
  },
};

const hi: Texts = {
  language: "भाषा",
  order: "ऑर्डर",
  amountDue: "भुगतान की राशि",
  payBy: (time) => `${time} से पहले भुगतान करें`,
  encrypted: "जानकारी एन्क्रिप्ट होकर जाती है।",
  neverStored: "आपका कार्ड नंबर और CVV कभी सहेजे नहीं जाते।",
  simulatedNote: "टेस्ट मोड: असली पैसे नहीं कटते",
  loading: "आपका ऑर्डर खुल रहा है…",
  howToPay: "आप भुगतान कैसे करना चाहेंगे?",
  upi: "UPI",
  upiHint: "कोई भी UPI ऐप",
  card: "कार्ड",
  cardHint: "डेबिट या क्रेडिट",
  vpa: "UPI आईडी",
  vpaHint: "आपसे अपने UPI ऐप में भुगतान मंज़ूर करने को कहा जाएगा।",
  number: "कार्ड नंबर",
  expiry: "समाप्ति तिथि",
  cvv: "CVV",
  cvvHint: (digits) => (digits === 4 ? "सामने के 4 अंक" : "पीछे के 3 अंक"),
  name: "कार्ड पर लिखा नाम",
  pay: (amount) => `${amount} का भुगतान करें`,
  or: "या",
  payByApp: "UPI ऐप से भुगतान करें",
  processing: "भुगतान हो रहा है...",
  progress: [
    "इसमें आम तौर पर कुछ सेकंड लगते हैं।",
    "आपके बैंक को थोड़ा ज़्यादा समय लग रहा है। कृपया यह पेज खुला रखें।",
    "अब भी आपके बैंक के जवाब का इंतज़ार है। नतीजा यहाँ अपने आप दिखेगा।",
    "आपके बैंक ने अभी तक जवाब नहीं दिया है। यह पेज खुला रखें या बाद में लौटें: पैसे दो बार नहीं कटेंगे।",
  ],
  paymentLost:
    "कनेक्शन टूट गया। हम देख रहे हैं कि आपका भुगतान बैंक तक पहुँचा या नहीं। कृपया कहीं और दोबारा भुगतान न करें: इस कोशिश में पैसे एक बार से ज़्यादा नहीं कटेंगे।",
  statusLost: "कनेक्शन टूट गया। आपका भुगतान इसके बिना भी चल रहा है, और हम नतीजा देखते रहेंगे।",
  busy: "अभी बहुत भीड़ है। हम अपने आप फिर कोशिश कर रहे हैं, और पैसे एक बार से ज़्यादा नहीं कटेंगे।",
  offline: "आप ऑफ़लाइन हैं। कनेक्शन लौटते ही हम आगे बढ़ेंगे।",
  checkNow: "अभी देखें",
  succeededTitle: "भुगतान सफल",
  succeeded: "आपका भुगतान सफलतापूर्वक हो गया है",
  alreadyPaid: "इस ऑर्डर का भुगतान हो चुका है",
  paymentId: "भुगतान आईडी",
  paidWith: "भुगतान का माध्यम",
  done: "ठीक है",
  mayClose: "आप यह पेज बंद कर सकते हैं।",
  failed: "भुगतान नहीं हो सका",
  notCharged: "इस कोशिश के लिए आपसे पैसे नहीं लिए गए हैं।",
  tryAgain: "फिर कोशिश करें",
  otpTitle: "अपनी पहचान की पुष्टि करें",
  otpText: "आपका बैंक वन-टाइम पासवर्ड माँग रहा है।",
  otpFrame: "वन-टाइम पासवर्ड के लिए आपके बैंक का पेज",
  appTitle: "अपने UPI ऐप में मंज़ूर करें",
  appText: "अपने फ़ोन से कोड स्कैन करें, या इसी डिवाइस पर ऐप खोलें।",
  appQr: "UPI ऐप खोलने वाला QR कोड",
  openApp: "UPI ऐप खोलें",
  timeLeft: (clock) => `बचा समय: ${clock}`,
  timeOver: "समय समाप्त हो गया। हम आपके बैंक से नतीजा पूछ रहे हैं।",
  cancel: "यह भुगतान रद्द करें",
  cancelling: "रद्द हो रहा है…",
  testMode: "टेस्ट मोड",
  testHint: "आज़माने के लिए मान",
  testValues: [
    { value: "approve@magic", meaning: "मंज़ूर" },
    { value: "insufficient-funds@magic", meaning: "अस्वीकृत" },
    { value: "4242 4242 4242 4242", meaning: "मंज़ूर" },
    { value: "4000 0000 0000 9995", meaning: "अस्वीकृत" },
    { value: "4000 0000 0000 3220", meaning: "पासवर्ड माँगेगा: 123456" },
    { value: "4000 0000 0000 0259", meaning: "धीमा बैंक" },
  ],
  tryLater: "फिर कोशिश करें",
  notices: { try_again: "भुगतान नहीं हो पाया, और पैसे नहीं कटे। कृपया फिर कोशिश करें।" },
  problems: {
    vpa_missing: "अपनी UPI आईडी लिखें।",
    vpa_shape: "UPI आईडी name@bank जैसी होती है। कृपया अपनी आईडी जाँचें।",
    number_missing: "अपना कार्ड नंबर लिखें।",
    number_short: "यह कार्ड नंबर अधूरा है।",
    number_wrong: "यह कार्ड नंबर सही नहीं है। कृपया देखें कि कोई अंक गलत तो नहीं।",
    expiry_missing: "समाप्ति तिथि लिखें।",
    expiry_shape: "महीना और साल वैसे लिखें जैसे कार्ड पर हैं, जैसे 08/29।",
    expired: "इस कार्ड की अवधि समाप्त हो चुकी है। कृपया दूसरा कार्ड इस्तेमाल करें।",
    cvv_missing: "CVV लिखें।",
    cvv_length: "CVV में 3 अंक होते हैं, कार्ड के पीछे।",
    cvv_length_amex: "इस कार्ड के CVV में 4 अंक होते हैं, सामने की ओर।",
    name_missing: "कार्ड पर लिखा नाम लिखें।",
    refused: "कृपया इसे एक बार फिर जाँचें।",
  },
  reasons: {
    do_not_honour: "आपके बैंक ने बिना कारण बताए भुगतान अस्वीकार किया। दूसरा कार्ड या UPI आईडी आज़माएँ, या अपने बैंक से पूछें।",
    insufficient_funds: "खाते में पर्याप्त पैसे नहीं हैं। दूसरा कार्ड या UPI आईडी आज़माएँ।",
    expired_card: "आपके बैंक के अनुसार इस कार्ड की अवधि समाप्त हो चुकी है। दूसरा कार्ड आज़माएँ।",
    incorrect_cvv: "CVV इस कार्ड का नहीं है। इसे जाँचकर फिर कोशिश करें।",
    limit_exceeded: "राशि आपके कार्ड या खाते की सीमा से ज़्यादा है। दूसरा माध्यम आज़माएँ, या अपने बैंक से पूछें।",
    processing_error: "आपका बैंक भुगतान पूरा नहीं कर सका। थोड़ी देर में फिर कोशिश करें।",
    authentication_failed: "वन-टाइम पासवर्ड कई बार गलत डाला गया। फिर कोशिश करें।",
    authentication_expired: "वन-टाइम पासवर्ड का समय समाप्त हो गया। फिर कोशिश करें।",
    authentication_cancelled: "आपने अपने बैंक की पुष्टि रद्द कर दी।",
    declined_in_app: "UPI ऐप में भुगतान अस्वीकार किया गया।",
    expired_in_app: "UPI ऐप में भुगतान समय पर मंज़ूर नहीं हुआ। फिर कोशिश करें।",
  },
  blocked: {
    missing_order: {
      title: "भुगतान के लिए कोई ऑर्डर नहीं",
      text: "इस लिंक में कोई ऑर्डर नहीं है। कृपया दुकान पर लौटकर वहाँ से भुगतान फिर शुरू करें।",
    },
    unknown_order: {
      title: "यह ऑर्डर नहीं मिला",
      text: "लिंक गलत या अधूरा हो सकता है। कृपया दुकान पर लौटकर वहाँ से भुगतान फिर शुरू करें।",
    },
    invalid_key: {
      title: "यह दुकान अभी भुगतान नहीं ले सकती",
      text: "इसकी कुंजी मान्य नहीं है। कृपया दुकान को बताएँ।",
    },
    expired: {
      title: "इस ऑर्डर की समय-सीमा बीत गई",
      text: "समय पर भुगतान नहीं हुआ, और पैसे नहीं कटे। कृपया दुकान पर लौटकर फिर ऑर्डर करें।",
    },
    cancelled: {
      title: "यह ऑर्डर रद्द कर दिया गया",
      text: "अब इसका भुगतान नहीं हो सकता, और पैसे नहीं कटे। अगर आपको यह चाहिए तो दुकान पर लौटें।",
    },
    paid: { title: "इस ऑर्डर का भुगतान हो चुका है", text: "अब कुछ भी देना बाकी नहीं है।" },
    refunded: {
      title: "यह भुगतान लौटा दिया गया",
      text: "दुकान ने पूरी राशि लौटा दी या ली ही नहीं। अगर आपको ऑर्डर अब भी चाहिए तो दुकान से पूछें।",
    },
    unreachable: {
      title: "आपका ऑर्डर नहीं खुल सका",
      text: "कृपया अपना कनेक्शन जाँचें। हम कोशिश करते रहेंगे। अगर आप भुगतान कर चुके हैं, तो नतीजा यहीं दिखेगा।",
    },
    busy: { title: "अभी बहुत भीड़ है", text: "आपका ऑर्डर थोड़ी देर में खुलेगा। अगर आप भुगतान कर चुके हैं, तो नतीजा यहीं दिखेगा।" },
  },
};

export const TEXTS: Record<Locale, Texts> = { en, hi };
