from chalicelib.api.payments import capture, create, create_public, get, get_public, list, void

ENDPOINTS = (create, get, list, capture, void, create_public, get_public)
