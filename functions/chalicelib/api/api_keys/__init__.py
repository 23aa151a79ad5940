from chalicelib.api.api_keys import create, list, revoke, roll

ENDPOINTS = (create, list, roll, revoke)
