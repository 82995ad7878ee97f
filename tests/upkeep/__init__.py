"""What a table asks for besides fields: unique values, versions of what is stored, items that are hidden."""
