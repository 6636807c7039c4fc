"""What turns the demonstration's scripts into one table and one page; the scripts themselves need none of it."""
