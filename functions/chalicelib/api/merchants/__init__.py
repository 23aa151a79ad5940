from chalicelib.api.merchants import create, create_key, get_me, list, list_keys, roll_key, update_me

ENDPOINTS = (get_me, update_me, create, list, create_key, list_keys, roll_key)
