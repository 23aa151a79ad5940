from chalicelib.api.session import change_password, confirm, create, end, end_all, get, switch

ENDPOINTS = (create, get, end, end_all, change_password, confirm, switch)
