"""Items in the form of DynamoDB's protocol: Python values to it and back, and places inside it."""
