from chalicelib.api.events import get, list, replay

ENDPOINTS = (list, get, replay)
