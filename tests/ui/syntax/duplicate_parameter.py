# test render
def f(alpha, beta, alpha):
    global beta
    for i in range(3):
        break
    else:
        break

#| error[U0166]: parameter `alpha` appears twice
#|  --> duplicate_parameter.py:2:20
#|   |
#| 2 | def f(alpha, beta, alpha):
#|   |       ----- first here
#|   |                    ^^^^^ again here
#|
#| error[U0171]: `beta` is a parameter and global
#|  --> duplicate_parameter.py:3:12
#|   |
#| 2 | def f(alpha, beta, alpha):
#|   |              ---- the parameter
#| 3 |     global beta
#|   |            ^^^^ a parameter is local
#|
#| error[U0164]: `break` outside a loop
#|  --> duplicate_parameter.py:7:9
#|   |
#| 7 |         break
#|   |         ^^^^^ no loop to leave
