from chalicelib.api.users import create, reset_password, update

ENDPOINTS = (create, update, reset_password)
