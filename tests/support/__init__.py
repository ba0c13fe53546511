"""What tests stand on: throw-away servers, the product as processes of its own, a browser."""
