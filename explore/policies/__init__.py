"""For which settings of knobs do properties hold?"""
