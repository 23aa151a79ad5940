from chalicelib.api.audit import list

ENDPOINTS = (list,)
