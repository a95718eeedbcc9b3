"""Tasks, their sealed versions, and the blob store that holds their files."""
