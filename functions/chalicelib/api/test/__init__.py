from chalicelib.api.test import get_challenge, get_jobs_status, get_merchant, meet_challenge

ENDPOINTS = (get_merchant, get_jobs_status, get_challenge, meet_challenge)
