from chalicelib.api.webhooks import get, list, retry, test

ENDPOINTS = (list, get, retry, test)
