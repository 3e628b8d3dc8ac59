"""What the world is: the modelling language, the parts of the world, and the vendor flows over it."""
