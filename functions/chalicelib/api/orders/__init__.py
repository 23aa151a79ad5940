from chalicelib.api.orders import create, get, get_public, list

ENDPOINTS = (create, get, list, get_public)
