"""The smallest document with all that loads something late: text, a form that is filled in, transparency."""

# 16 x 16 points. Without a table of places, which is then made up for: that way is taken as well.
SAMPLE = b"""%PDF-1.7
1 0 obj<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]/DR<</Font<</F 6 0 R>>>>/DA(/F 8 Tf)>>>>endobj
2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 16 16]/Annots[5 0 R]/Contents 4 0 R
/Resources<</Font<</F 6 0 R>>/ExtGState<</G<</ca .5/BM/Multiply>>>>>>>>endobj
4 0 obj<</Length 60>>stream
BT /F 8 Tf 1 4 Td (Hi) Tj ET /G gs 1 0 0 rg 0 0 8 8 re f    \nendstream endobj
5 0 obj<</Type/Annot/Subtype/Widget/FT/Tx/T(t)/V(x)/DA(/F 8 Tf)/Rect[8 8 16 16]>>endobj
6 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""
TEXT = b"Hi"
