from chalicelib.api.checkout import show_bank, show_checkout

ENDPOINTS = (show_checkout, show_bank)
