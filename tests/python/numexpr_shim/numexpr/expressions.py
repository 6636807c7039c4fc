from ungil.expressions import ConstantNode, E

__all__ = ["ConstantNode", "E"]
