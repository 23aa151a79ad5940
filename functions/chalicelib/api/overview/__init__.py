from chalicelib.api.overview import get_attention, get_changes, get_stats, list_requests, search

ENDPOINTS = (get_stats, get_attention, get_changes, search, list_requests)
