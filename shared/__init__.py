"""The domain package: what a payment gateway is, whatever it runs on."""
