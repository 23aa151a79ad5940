from chalicelib.api.payments import capture, create, create_public, export, get, get_public, list, timeline, void

ENDPOINTS = (create, get, list, timeline, export, capture, void, create_public, get_public)
