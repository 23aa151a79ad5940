from chalicelib.api.ledger import balance, list

ENDPOINTS = (list, balance)
