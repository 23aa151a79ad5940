from chalicelib.api.team import add, list, remove, update

ENDPOINTS = (list, add, update, remove)
