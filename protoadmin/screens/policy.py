"""The content security policy of every page, and of those that load pictures when somebody asks for one."""

# The admin theme evaluates expressions in attributes (Alpine) and has inline scripts without a nonce, hence
# the two `unsafe` words; everything is loaded from this server alone, and forms post nowhere else.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
WITH_PICTURES = POLICY.replace("img-src 'self' data:", "img-src 'self' data: https:")
