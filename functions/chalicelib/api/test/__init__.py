from chalicelib.api.test import get_jobs_status, get_merchant

ENDPOINTS = (get_merchant, get_jobs_status)
