from chalicelib.api.refunds import create, get, list, list_of_payment

ENDPOINTS = (create, get, list, list_of_payment)
