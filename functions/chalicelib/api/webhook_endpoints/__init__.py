from chalicelib.api.webhook_endpoints import create, delete, get, list, regenerate_secret, replay, reveal_secret, update

ENDPOINTS = (create, get, list, update, delete, regenerate_secret, replay, reveal_secret)
