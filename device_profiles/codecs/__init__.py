"""One codec per characteristic: octets in, the fields that the specification names out."""
