from ungil import NumExpr


def getExprNames(text, context, sanitize=True):
    return list(NumExpr(text, sanitize=sanitize, **context).input_names), False
