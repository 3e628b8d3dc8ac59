"""Z3: bounded model checking, induction with lemmas, and the engine that is made of them."""
