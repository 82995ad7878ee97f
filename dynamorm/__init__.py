"""DynamORM: models for Amazon DynamoDB, validated by the schema library of your choice."""
